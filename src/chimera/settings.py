"""Every setting, from the environment (`CHIMERA_<GROUP>__<NAME>`), a `.env` file or a secrets file.

Read only by `app` and `cli`; the rest of the house gets values as arguments.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from chimera.core.errors import Unready


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Group):
    """Where the server listens and keeps its files."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on")
    data_dir: Path = Field(default=Path(".chimera"), description="folder of the embedded database")


class DatabaseSettings(Group):
    """Which database keeps the logs."""

    url: str | None = Field(
        default=None, description="postgresql://… ; absent: SQLite in the data folder"
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="PostgreSQL connections a process")
    patience_seconds: float = Field(
        default=30, ge=0, le=3600, description="how long a start waits for PostgreSQL to answer"
    )


class RedisSettings(Group):
    """Where processes meet; absent: everything in one process."""

    url: str | None = Field(
        default=None, pattern="^(redis|rediss|unix)://", description="redis://host:port/database"
    )
    patience_seconds: float = Field(
        default=30, ge=0, le=3600, description="how long a start waits for Redis to answer"
    )


class ServiceSettings(Group):
    """A service that runs models."""

    api_key: SecretStr | None = Field(
        default=None, description="key, if the service wants one; several parted by commas"
    )
    base_url: str | None = Field(default=None, description="address up to and including /v1")
    model: str | None = Field(default=None, description="model a participant gets by default")
    requests_per_minute: int | None = Field(
        default=None, ge=1, le=10_000_000, description="most requests of one key in a minute"
    )
    tokens_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="most tokens of one key in a minute"
    )
    concurrency: int | None = Field(
        default=None, ge=1, le=256, description="most calls of one key at once"
    )


class OllamaSettings(ServiceSettings):
    """The one service whose models' memory is ours to keep."""

    keep_alive: str = Field(
        default="10m",
        pattern=r"^-?(\d+|(\d+(\.\d+)?(ms|s|m|h))+)$",
        description="how long a model stays in memory after a line; -1: for ever",
    )


class LlamaCppSettings(Group):
    """Models in files, run on this machine without any server."""

    model: Path | None = Field(default=None, description="a .gguf file, or a folder of them")
    context: int = Field(
        default=8192, ge=512, le=1_048_576, description="tokens a model may keep in mind"
    )
    load_seconds: float = Field(
        default=120, ge=1, le=3600, description="how long a model may take to load"
    )


#: The providers that may be set; each has its group below.
ProviderName = Literal[
    "openai", "anthropic", "gemini", "deepseek", "compatible", "lmstudio", "ollama"
]


def _parted(value: object) -> object:
    """Names parted by commas, as an environment variable holds them."""
    return tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value


class ProviderSettings(Group):
    """Keys and addresses of the services that run models."""

    openai: ServiceSettings = ServiceSettings()
    anthropic: ServiceSettings = ServiceSettings()
    gemini: ServiceSettings = ServiceSettings()
    deepseek: ServiceSettings = ServiceSettings()
    lmstudio: ServiceSettings = ServiceSettings()
    ollama: OllamaSettings = OllamaSettings()
    compatible: ServiceSettings = ServiceSettings()
    llamacpp: LlamaCppSettings = LlamaCppSettings()
    discover: bool = Field(default=True, description="look for model servers on this machine")
    order: Annotated[tuple[ProviderName, ...], NoDecode] = Field(
        default=("openai", "anthropic", "gemini", "deepseek", "compatible", "lmstudio", "ollama"),
        description="which configured provider plays first",
    )
    plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="providers of installed packages, whose code is trusted"
    )

    @field_validator("order", "plugins", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _parted(value)


class EngineSettings(Group):
    """How turns are run."""

    concurrency: int = Field(default=1000, ge=1, le=10_000, description="turns awake at once")
    redelivery_seconds: float | None = Field(
        default=None, gt=0, le=600, description="lease of a run; default 30 embedded, 2 with Redis"
    )
    house: bool = Field(default=True, description="play a conversation at the first start")
    house_idle_minutes: float = Field(
        default=10, gt=0, description="the house pauses after so long without a viewer"
    )


class RealtimeSettings(Group):
    """How viewers are sent what happens."""

    fast_path: Literal["auto", "off"] = Field(
        default="auto", description="write to sockets past the server where it is built as we know"
    )


class MindsSettings(Group):
    """What helps the director; nothing here is needed for a show."""

    directors: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="directors of installed packages, whose code is trusted"
    )
    director_model: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_-]{0,39}/[\x21-\x7e]{1,200}$",
        description="provider/model that is asked behind the scenes; absent: the cast's providers",
    )
    moderator: bool = Field(
        default=False, description="the host steps in where a talk turns hostile or circles"
    )
    stance_judge: bool = Field(
        default=False, description="a model looks again, every ten turns, at who is for whom"
    )
    embeddings: Path | None = Field(
        default=None, description="folder of a MiniLM that tells what texts mean"
    )

    @field_validator("directors", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _parted(value)


class SecuritySettings(Group):
    """What opens the stored keys of providers."""

    kek_file: Path | None = Field(
        default=None, description="file of the house key; default: one made in the data folder"
    )
    kek: SecretStr | None = Field(
        default=None, description="the house key itself, 32 bytes in base64; the newest first"
    )


class LogSettings(Group):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="level")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="text on a terminal, JSON elsewhere"
    )


class MetricsSettings(Group):
    """Who may read the numbers that the house counts."""

    token: SecretStr | None = Field(
        default=None, description="what a caller of /metrics must know; absent: this machine only"
    )
    port: int | None = Field(
        default=None, ge=0, le=65535, description="a port of this machine for metrics alone"
    )


class TracesSettings(Group):
    """Where traces are sent; needs the extra `otel`."""

    endpoint: str | None = Field(
        default=None, pattern="^https?://", description="OpenTelemetry collector, over HTTP"
    )
    content: bool = Field(default=False, description="put what is asked and said into the spans")


class ErrorsSettings(Group):
    """Where errors are reported; needs the extra `sentry`."""

    dsn: SecretStr | None = Field(default=None, description="address in the form of Sentry's")


class Settings(BaseSettings):
    """The whole of it, frozen."""

    model_config = SettingsConfigDict(
        env_prefix="CHIMERA_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    providers: ProviderSettings = ProviderSettings()
    engine: EngineSettings = EngineSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    minds: MindsSettings = MindsSettings()
    security: SecuritySettings = SecuritySettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    traces: TracesSettings = TracesSettings()
    errors: ErrorsSettings = ErrorsSettings()

    crash_at: str | None = Field(
        default=None,
        pattern="^(after_claim|text_ready|after_started|before_commit|after_commit_before_publish"
        "|before_reschedule|writing_ahead)(:[1-9][0-9]{0,5})?$",
        description="kill this process there, for tests of what follows",
    )

    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_API_KEY")
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("ANTHROPIC_API_KEY")
    )
    gemini_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GEMINI_API_KEY", "GOOGLE_API_KEY")
    )
    deepseek_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("DEEPSEEK_API_KEY")
    )
    ollama_host: str | None = Field(default=None, validation_alias=AliasChoices("OLLAMA_HOST"))

    @property
    def database_url(self) -> str:
        """The database that is meant: the one named, else the file in the data folder."""
        if self.database.url:
            return self.database.url
        return f"sqlite:///{(self.server.data_dir / 'chimera.db').absolute()}"


def load_settings(**overrides: object) -> Settings:
    """The settings of this process. Raises Unready(2) with one line naming what is wrong."""
    try:
        return Settings(**overrides)  # pyright: ignore[reportArgumentType]  # groups as dicts
    except SettingsError as error:
        raise Unready(f"The settings cannot be read: {error}.", exit_code=2) from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "CHIMERA_" + "__".join(str(part) for part in first["loc"]).upper()
        raise Unready(f"the setting {name} is not right: {first['msg']}", exit_code=2) from None
