"""Decoders of which none works."""

from chalicelib.media_decoding.decoders import Decoder, Order


def load(order: Order) -> Decoder:
    raise ImportError(order.content_type)
