"""The settings of the site, in a home of their own and with fast passwords."""

import os
import tempfile

os.environ["TRAILMAP_HOME"] = tempfile.mkdtemp(prefix="trailmap-test-")
os.environ.setdefault("SECRET_KEY", "for-tests-only")

from dashboard.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir()
# A file, as users have it: threads see what others have committed.
DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
