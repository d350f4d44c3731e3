"""Police notices to the public. Read `model.py` first."""

from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Content

__all__ = ["Bulletin", "BulletinState", "Content"]
