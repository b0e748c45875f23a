"""Django settings. Every value that differs between installations comes from the environment (see env.py)."""

import os
from datetime import timedelta

from celery.schedules import crontab

from mozhu.console import *  # noqa: F403  (what the console shows, and how)
from mozhu.env import REDIS_URL, ROOT, VAR_DIR, broker_url, database, env, secret_key
from mozhu.sign_in import *  # noqa: F403  (who comes in and how, and the mail that it takes)

DEBUG = env.bool("DEBUG", default=False)
"""For developers alone: pages of errors show the code and its values."""
HTTPS = env.bool("HTTPS", default=False)
"""True where the product is reached through TLS (nginx in front): cookies become Secure, HSTS is sent."""
SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
"""Former keys, after a change: sessions, links and the seals of audit archives made with them stay good."""
SECRETS_KEYS = env.list("SECRETS_KEYS", default=[])
"""What secrets in the database are encrypted with (core/secrets.py), newest first; empty: a key made of SECRET_KEY."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="")
"""Where people reach the product (https://mozhu.example.cn/), for links that let in; empty: where they asked."""
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
"""How many proxies of our own stand in front; so many of the last entries of X-Forwarded-For are believed."""
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
"""Scheme and name under which a proxy shows the product, where it hands on another Host; forms from there are ours."""

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "apps.core.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "guardian",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_results",
    "apps.core.apps.CoreConfig",
    "apps.audit",
    "apps.users",
    "apps.datasets",
    "apps.registry",
    "apps.training",
    "apps.qa",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.core.headers.protective_headers",
    "apps.core.middleware.known_origin",
    "apps.core.middleware.refuse_nul",
    "apps.core.middleware.known_methods",
    "apps.core.middleware.said_on_the_way",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.core.middleware.chosen_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.users.middleware.session_seen",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mozhu.urls"
ASGI_APPLICATION = "mozhu.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")

# --- Rows -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": database(VAR_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
ORM_THREADS = env.int("ORM_THREADS", default=4)
"""Threads per web process that run views: each keeps its database connection, so their number bounds both."""

# --- People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]  # 12 rounds is Django's own default
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ANONYMOUS_USER_NAME = None  # guardian: no row stands for nobody
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "qa:ask"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600  # a working day: who comes in, signs in
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Keys and quotas ------------------------------------------------------------------------------------------------
API_KEY_DAYS_MAX = env.int("API_KEY_DAYS_MAX", default=365)
"""Every API key expires; this is the longest life that its owner can give it."""
API_KEYS_MAX = env.int("API_KEYS_MAX", default=20)
"""How many working keys one person may hold: enough for programs, too few to lose sight of."""
QUOTA_LEVELS = {
    "storage": "apps.datasets.usage.stored_bytes",
    "jobs": "apps.training.usage.jobs_in_slots",
    "gpu_hours": "apps.training.usage.gpu_hours",
}
"""Quotas on what is there, not on what is counted: functions (ids of users) -> {id: number}, computed from the rows."""
USAGE_OF_QUESTIONS = "apps.qa.usage.per_day"
"""What the personal area draws: a function (user) -> questions per day of the last 30 days."""

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.users.key_authentication.ApiKeyAuthentication",
        "apps.users.authentication.AccessTokenAuthentication",
        "apps.users.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["apps.users.quotas.throttle.RequestsPerMinute"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.permissions.DeniedUnlessStated"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "apps.core.parsers.ShallowJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "apps.core.api.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "CHECK_REVOKE_TOKEN": True,
}
REFRESH_COOKIE = {"name": "mozhu_refresh", "path": "/api/v1/auth/", "secure": HTTPS or not DEBUG}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mozhu 模铸",
    "DESCRIPTION": "Train, serve and use small language models on your own premises.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {"ReceiverKindEnum": "apps.users.granting.KINDS"},  # many things have a "kind"
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.openapi.add_refusals",
    ],
}

# --- Queue, sockets -------------------------------------------------------------------------------------------------
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "capacity": 500, "expiry": 10},
    }
}
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_ACKS_LATE = False  # the row is the job, the message only a wake-up; lost messages are sent again by `tick`
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 86_400,
    "socket_timeout": 20,
    "socket_connect_timeout": 5,
    "max_retries": 1,  # a request does not wait for a broker that is away: the row is there, `tick` sends again
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_IMPORTS = ["workers.tasks.audit", "workers.tasks.datasets", "workers.tasks.training", "workers.tasks.users"]
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "training": {"task": "training.tick", "schedule": 5.0, "options": {"expires": 5.0}},
    "datasets": {"task": "datasets.tick", "schedule": 15.0, "options": {"expires": 15.0}},
    "retention": {"task": "datasets.retain", "schedule": crontab(hour=3, minute=20), "options": {"expires": 3600.0}},
    "audit": {"task": "audit.archive", "schedule": crontab(hour=3, minute=40), "options": {"expires": 3600.0}},
    "letters": {"task": "users.tick", "schedule": 60.0, "options": {"expires": 60.0}},
}
CELERY_TIMEZONE = TIME_ZONE

# --- Models ---------------------------------------------------------------------------------------------------------


def _base_model(given: str) -> str:
    """Return a folder as an absolute path, so that it has one name everywhere; a hub id stays as it is."""
    folder = (ROOT / given).absolute()
    return os.path.normpath(folder) if folder.is_dir() else given


BASE_MODEL = _base_model(env.str("BASE_MODEL", default=str(ROOT / "fixtures" / "base_models" / "mozhu-tiny")))
"""Hub id or local folder of the base that new training jobs start from."""
BASE_MODEL_FOLDERS = [ROOT / "fixtures" / "base_models", VAR_DIR / "base_models"]
BASE_MODELS = [_base_model(given) for given in env.list("BASE_MODELS", default=[])]
"""What else may be trained on: hub ids and local folders. Empty: every folder with a config.json directly below
BASE_MODEL_FOLDERS. BASE_MODEL may always be trained on; a job that names anything else is refused."""
ENGINE_URL = env.str("ENGINE_URL", default="http://127.0.0.1:8001")
"""Who generates: an OpenAI-compatible server (`manage.py up` starts one of its own where this is not set)."""
ENGINE_DEADLINE_SECONDS = env.float("ENGINE_DEADLINE_SECONDS", default=0.8)
"""How long an answer waits for the engine; then it is given by the rules alone."""
TRAINING_SLOTS = env.int("TRAINING_SLOTS", default=5)
"""How many jobs train at the same time: as many as the machine's memory holds."""
WAITING_JOBS_MAX = env.int("WAITING_JOBS_MAX", default=100)
"""How many jobs one person may have waiting: more is a mistake in a program, and would bury everybody else's."""
HEARTBEAT_SECONDS = env.float("HEARTBEAT_SECONDS", default=3.0)
HEARTBEAT_LOST_SECONDS = env.float("HEARTBEAT_LOST_SECONDS", default=20.0)
"""How often a running job or import says that it lives, and after what silence another worker takes it over."""
TRAINER_SILENT_SECONDS = env.float("TRAINER_SILENT_SECONDS", default=900.0)
"""A trainer that has not written a line for so long hangs: it is stopped and its job fails."""

# --- Files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
# What a file may be, so that nobody's upload fills the disk or the memory of the workers:
UPLOAD_BYTES_MAX = env.int("UPLOAD_MEGABYTES", default=256) * 2**20
IMPORT_ROWS_MAX = env.int("IMPORT_ROWS_MAX", default=2_000_000)
IMPORT_UNPACKED_BYTES_MAX = env.int("IMPORT_UNPACKED_MEGABYTES", default=2048) * 2**20
UPLOAD_KEPT_FOR = timedelta(hours=env.int("UPLOAD_HOURS", default=24))
"""How long an upload that was cut off can go on; then retention removes what had arrived."""
DATASET_DRAFT_DAYS = env.int("DATASET_DRAFT_DAYS", default=30)
"""Drafts, failed and cancelled imports that nobody touched for so long go; 0 keeps them. A dataset may differ."""
AUDIT_DAYS = env.int("AUDIT_DAYS", default=0)
"""Audit entries older than so many days leave the database, every night, for a sealed archive; 0: all stay."""
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20  # larger files go to disk, larger bodies nowhere

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "platform" / "locale"]
USE_I18N = USE_TZ = True

# --- Log -------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "daphne.http_protocol": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
    },
}
