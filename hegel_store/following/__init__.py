"""Workers that learn of new profiles: an iterator over them, and a cache of the current ones."""

from hegel_store.following.cache import ProfileCache
from hegel_store.following.follower import ProfileFollower, follow
from hegel_store.following.notices import Following, Notices

__all__ = ["Following", "Notices", "ProfileCache", "ProfileFollower", "follow"]
