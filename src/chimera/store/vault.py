"""Keys of providers at rest: each sealed with a key of its own, which the house's key wraps.

The envelope (`security.md` section 6) binds both to a context, so that nobody can move a sealed
key to another row. A new house key wraps the old envelopes anew; no secret is opened for that.
"""

import binascii
import fcntl
import os
import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from chimera.core.errors import Unready

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = 1
_OTHERS = 0o077
_HEAD = "# The key that opens the stored keys of providers. Keep a copy, apart from the database.\n"


#: Why a stored key is not used that cannot be opened here.
UNREADABLE = "key_unreadable"


class SealBroken(ValueError):
    """What was sealed cannot be opened: its house key is not here, or it was tampered with."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a sealed key belongs to."""

    owner: str
    provider: str
    credential: str

    def __str__(self) -> str:
        parts = (self.owner, self.provider, self.credential)
        if any("|" in each for each in parts):
            raise ValueError("an id has no bar")
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class HouseKey:
    """A key that wraps others; its name is made from it, and does not give it away."""

    value: bytes

    def __repr__(self) -> str:
        return f"HouseKey({self.kid})"

    @property
    def kid(self) -> str:
        return "k" + sha256(b"chimera house key " + self.value).hexdigest()[:12]


class KeyRing:
    """The house's keys: the first seals, all of them open."""

    def __init__(self, keys: Sequence[HouseKey]) -> None:
        self.keys = tuple({key.kid: key for key in keys}.values())
        self._by_kid = {key.kid: key for key in self.keys}

    @property
    def current(self) -> HouseKey:
        return self.keys[0]

    def __contains__(self, kid: object) -> bool:
        return kid in self._by_kid

    def key(self, kid: str) -> HouseKey:
        """Raises SealBroken for a key that is not on the ring."""
        try:
            return self._by_kid[kid]
        except KeyError:
            raise SealBroken(f"the house key {kid} is not here") from None


# -- envelopes --------------------------------------------------------------------------------


def seal(ring: KeyRing, secret: SecretStr, context: Context) -> dict[str, Any]:
    """The envelope of a secret, as JSON keeps it."""
    data_key = secrets.token_bytes(_KEY_BYTES)
    sealed = _encrypt(data_key, secret.get_secret_value().encode(), f"data|{context}")
    return _wrapped(ring.current, data_key, sealed, context)


def unseal(ring: KeyRing, envelope: Mapping[str, Any], context: Context) -> SecretStr:
    """Raises SealBroken."""
    secret = _decrypt(_data_key(ring, envelope, context), envelope.get("ct"), f"data|{context}")
    return SecretStr(secret.decode())


def rewrap(ring: KeyRing, envelope: Mapping[str, Any], context: Context) -> dict[str, Any] | None:
    """The same secret under the ring's current key; None if it is already. Raises SealBroken."""
    if kid_of(envelope) == ring.current.kid:
        return None
    data_key = _data_key(ring, envelope, context)
    return _wrapped(ring.current, data_key, str(envelope.get("ct")), context)


def kid_of(envelope: Mapping[str, Any]) -> str:
    """The name of the house key that an envelope needs."""
    return str(envelope.get("kid"))


def _wrapped(key: HouseKey, data_key: bytes, sealed: str, context: Context) -> dict[str, Any]:
    wrap = _encrypt(key.value, data_key, f"dek|{key.kid}|{context}")
    return {"v": _VERSION, "kid": key.kid, "wrap": wrap, "ct": sealed}


def _data_key(ring: KeyRing, envelope: Mapping[str, Any], context: Context) -> bytes:
    if envelope.get("v") != _VERSION:
        raise SealBroken("this envelope is of another version")
    key = ring.key(kid_of(envelope))
    return _decrypt(key.value, envelope.get("wrap"), f"dek|{key.kid}|{context}")


def _encrypt(key: bytes, plain: bytes, associated: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, plain, associated.encode())).decode()


def _decrypt(key: bytes, sealed: object, associated: str) -> bytes:
    try:
        data = b64decode(str(sealed), validate=True)
        nonce, rest = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, rest, associated.encode())
    except (InvalidTag, ValueError):
        raise SealBroken("the seal is broken") from None


# -- where the house's keys come from ---------------------------------------------------------


class Vault:
    """Seals and opens with the keys of a file, which may change, or with keys that were given.

    Its methods may read files: call them in a thread.
    """

    def __init__(
        self, *, path: Path | None = None, makes: bool = False, given: KeyRing | None = None
    ) -> None:
        """`path`: the file, and whether it `makes` one; with `given` keys there is none."""
        self.path = None if given else path
        self._makes = makes
        self._ring = given

    @property
    def makes(self) -> bool:
        """Whether this machine made its key, or would: no other has it."""
        return self._makes and self.path is not None

    @property
    def ring(self) -> KeyRing | None:
        """The keys as they were last read."""
        return self._ring

    def load(self, *, make: bool = False) -> KeyRing | None:
        """Read the file again; with `make`, write one if there is none. Raises Unready(7)."""
        if self.path is None:
            return self._ring
        found = read_ring(self.path)
        if found is None and make:
            if not self._makes:
                raise Unready(f"The key file {self.path} is not there.", exit_code=7)
            found = make_ring(self.path)
        self._ring = found
        return found

    def seal(self, secret: SecretStr, context: Context) -> dict[str, Any]:
        """Under the newest key; the very first secret makes the file."""
        ring = self.load(make=True)
        if ring is None:
            raise SealBroken("there is no house key")
        return seal(ring, secret, context)

    def open(self, envelope: Mapping[str, Any], context: Context) -> SecretStr:
        """Raises SealBroken. A key that is not known may have been added to the file meanwhile."""
        return unseal(self._ring_for(envelope), envelope, context)

    def rewrap(self, envelope: Mapping[str, Any], context: Context) -> dict[str, Any] | None:
        """Raises SealBroken."""
        return rewrap(self._ring_for(envelope), envelope, context)

    def add(self) -> KeyRing:
        """Put a fresh key before the others; from then on it seals. Raises SealBroken."""
        if self.path is None:
            raise SealBroken("there is no key file")
        with _locked(self.path.parent):
            ring = self.load()
            fresh = HouseKey(secrets.token_bytes(_KEY_BYTES))
            self._ring = KeyRing((fresh, *(ring.keys if ring else ())))
            _draft(self.path, self._ring).replace(self.path)
        return self._ring

    def retire(self, kids: Collection[str]) -> None:
        """Take these keys off the file; for when nothing is wrapped by them any more."""
        if self.path is None:
            return
        with _locked(self.path.parent):
            ring = self.load()
            if ring is None or not any(kid in ring for kid in kids):
                return
            self._ring = KeyRing([key for key in ring.keys if key.kid not in kids])
            _draft(self.path, self._ring).replace(self.path)

    def _ring_for(self, envelope: Mapping[str, Any]) -> KeyRing:
        if self._ring is None or kid_of(envelope) not in self._ring:
            self.load()
        if self._ring is None:
            raise SealBroken("there is no house key")
        return self._ring


def parse_ring(text: str) -> KeyRing:
    """Keys of 32 bytes in base64 or hex, parted by commas or lines, the newest first.

    Raises ValueError, which repeats nothing of the text.
    """
    lines = [line.partition("#")[0] for line in text.splitlines()]
    words = " ".join(lines).replace(",", " ").split()
    if not words:
        raise ValueError("there is no key in it")
    return KeyRing([HouseKey(_key(word)) for word in words])


def _key(word: str) -> bytes:
    for read in (bytes.fromhex, b64decode, urlsafe_b64decode):
        try:
            value = read(word)
        except (ValueError, binascii.Error):
            continue
        if len(value) == _KEY_BYTES:
            return value
    raise ValueError("a key is 32 random bytes in base64, such as `openssl rand -base64 32` prints")


def read_ring(path: Path) -> KeyRing | None:
    """The keys of a file; None if there is no such file. Raises Unready(7)."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & _OTHERS:
                raise Unready(
                    f"The key file {path} can be read by others (mode {mode & 0o777:o})."
                    f" Close it: chmod 600 {path}",
                    exit_code=7,
                )
            return parse_ring(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unready(
            f"The key file {path} cannot be read: {error.strerror}.", exit_code=7
        ) from None
    except ValueError as error:
        raise Unready(f"The key file {path} cannot be used: {error}.", exit_code=7) from None


def make_ring(path: Path) -> KeyRing:
    """A new file with a fresh key, or what another process wrote there in this moment.

    Raises Unready(7).
    """
    ring = KeyRing([HouseKey(secrets.token_bytes(_KEY_BYTES))])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.parent):
            if (found := read_ring(path)) is not None:
                return found
            _draft(path, ring).replace(path)
    except OSError as error:
        raise Unready(
            f"The key file {path} cannot be written: {error.strerror}."
            " Name another with CHIMERA_SECURITY__KEK_FILE.",
            exit_code=7,
        ) from None
    return ring


def _draft(path: Path, ring: KeyRing) -> Path:
    """A file beside the real one, written to the disk, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    text = _HEAD + "".join(f"{b64encode(key.value).decode()}\n" for key in ring.keys)
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    return draft


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """Whoever writes the file takes turns; the file itself is replaced, so the folder is held."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
