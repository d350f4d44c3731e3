"""What residents report and where police publish. Read `model.py` first."""

from chalicelib.domain.catalogue.model import Catalogue, catalogue

__all__ = ["Catalogue", "catalogue"]
