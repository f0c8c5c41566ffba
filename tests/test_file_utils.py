"""get_file and the extraction of archives: hashes, caches, and archives that mean harm."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile

import pytest

from jkeras.utils import get_file
from jkeras.utils.archive import extract_archive
from jkeras.utils.file_utils import hash_file, keras_home, validate_file

CONTENT = b"numbers: 1 2 3\n"
SHA, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def origin(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "data.txt").write_bytes(CONTENT)
    return (tmp_path / "source" / "data.txt").as_uri()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JKERAS_SKIP_HASH", raising=False)
    return tmp_path / "home" / "datasets"


def test_the_cache_is_keras_home_or_a_folder_of_the_user(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/some/where")
    assert str(keras_home()) == "/some/where"
    monkeypatch.delenv("KERAS_HOME")
    assert keras_home() == keras_home().home() / ".keras"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"file_hash": SHA},
        {"file_hash": MD5},
        {"file_hash": SHA.upper(), "hash_algorithm": "sha256"},
        {"md5_hash": MD5},
    ],
)
def test_a_file_is_fetched_once(home, origin, arguments, capsys):
    path = get_file("own.txt", origin, **arguments)
    assert path == str(home / "own.txt") and (home / "own.txt").read_bytes() == CONTENT
    assert get_file("own.txt", origin, **arguments) == path
    assert capsys.readouterr().out.count("Downloading data from") == 1
    assert os.listdir(home) == ["own.txt"]


def test_the_name_comes_from_the_url(home, origin):
    assert get_file(origin=origin) == str(home / "data.txt")


def test_a_forced_download_replaces_the_file(home, origin):
    path = get_file(origin=origin)
    (home / "data.txt").write_text("old")
    assert get_file(origin=origin, force_download=True) == path
    assert (home / "data.txt").read_bytes() == CONTENT


def test_a_download_with_another_hash_leaves_nothing(home, origin):
    with pytest.raises(ValueError, match="its hash is not 000"):
        get_file("own.txt", origin, file_hash="0" * 64)
    assert os.listdir(home) == []


def test_a_forced_download_with_another_hash_leaves_the_old_file(home, origin):
    home.mkdir(parents=True)
    (home / "own.txt").write_text("mine")
    with pytest.raises(ValueError, match="its hash is not"):
        get_file("own.txt", origin, file_hash="0" * 64, force_download=True)
    assert (home / "own.txt").read_text() == "mine" and os.listdir(home) == ["own.txt"]


def test_a_cached_file_with_another_hash_is_an_error_and_stays(home, origin):
    home.mkdir(parents=True)
    (home / "own.txt").write_text("mine")
    with pytest.raises(ValueError, match="JKERAS_SKIP_HASH=1"):
        get_file("own.txt", origin, file_hash=SHA)
    assert (home / "own.txt").read_text() == "mine"


def test_a_cached_file_with_another_hash_is_used_when_asked_for(home, origin, monkeypatch):
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    home.mkdir(parents=True)
    (home / "own.txt").write_text("mine")
    assert get_file("own.txt", origin, file_hash=SHA) == str(home / "own.txt")


def test_the_skip_does_not_hold_for_downloads(home, origin, monkeypatch):
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    with pytest.raises(ValueError, match="its hash is not"):
        get_file("own.txt", origin, file_hash="0" * 64)


def test_an_absolute_path_is_taken(tmp_path, origin):
    path = tmp_path / "here" / "own.txt"
    assert get_file(str(path), origin) == str(path) and path.read_bytes() == CONTENT


def test_other_folders_are_taken(tmp_path, origin):
    path = get_file("own.txt", origin, cache_dir=tmp_path / "cache", cache_subdir="models")
    assert path == str(tmp_path / "cache" / "models" / "own.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_cache_that_cannot_be_written_is_replaced(home, origin, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    home.parent.mkdir()
    home.parent.chmod(0o500)
    with pytest.warns(UserWarning, match="cannot be written"):
        assert get_file(origin=origin) == str(tmp_path / ".keras" / "datasets" / "data.txt")


def test_a_cache_that_is_a_file_is_replaced(home, origin, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    home.parent.write_text("in the way")
    with pytest.warns(UserWarning, match="cannot be written"):
        assert get_file(origin=origin) == str(tmp_path / ".keras" / "datasets" / "data.txt")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"fname": "x"}, ValueError, "needs `origin`"),
        ({"origin": "http://localhost/"}, ValueError, "does not end in a file name"),
        ({"fname": "../x", "origin": "file:///x"}, ValueError, "leaves the cache folder"),
        ({"origin": "gopher://localhost/x"}, ValueError, "must be an http, https, ftp or file URL"),
        ({"origin": "file:///does/not/exist"}, OSError, "URL fetch failure on file:///does/not/exist"),
        ({"origin": "SOURCE", "file_hash": "12"}, ValueError, "must be an md5"),
        (
            {"origin": "SOURCE", "file_hash": SHA, "hash_algorithm": "crc"},
            ValueError,
            "must be 'auto', 'md5' or 'sha256'",
        ),
    ],
)
def test_bad_arguments_are_named(home, origin, arguments, error, message):
    arguments = {name: origin if value == "SOURCE" else value for name, value in arguments.items()}
    with pytest.raises(error, match=message):
        get_file(**arguments)
    assert not home.exists() or os.listdir(home) == []


class Handler(http.server.BaseHTTPRequestHandler):
    """/short promises more than it sends; everything else is missing."""

    def do_GET(self):
        self.send_response(200 if self.path == "/short" else 404)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(CONTENT if self.path == "/short" else b" " * 100)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("name", "message"), [("short", "15 of 100 bytes came"), ("missing", "404 -- Not Found")])
def test_a_download_that_fails_leaves_nothing(home, server, name, message):
    with pytest.raises(OSError, match=message):
        get_file(origin=f"{server}/{name}")
    assert os.listdir(home) == []


def test_hashes(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    assert hash_file(tmp_path / "x") == SHA and hash_file(tmp_path / "x", "md5") == MD5
    assert validate_file(tmp_path / "x", SHA) and validate_file(tmp_path / "x", MD5)
    assert not validate_file(tmp_path / "x", "0" * 64)


# --- archives


def make_tar(path, *members):
    """Members: (name, content) or (name, None, {attribute: value})."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content, *rest in members:
            info = tarfile.TarInfo(name)
            for attribute, value in (rest[0] if rest else {}).items():
                setattr(info, attribute, value)
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return path


def make_zip(path, *members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(("make", "name"), [(make_tar, "a.tar.gz"), (make_zip, "a.zip")])
def test_an_archive_is_extracted_beside_its_file(home, tmp_path, make, name):
    make(tmp_path / name, ("top/one.txt", b"1"), ("two.txt", b"2"))
    folder = get_file(name, (tmp_path / name).as_uri(), extract=True)
    assert folder == str(home / "a_extracted")
    assert (home / "a_extracted" / "top" / "one.txt").read_bytes() == b"1"
    assert sorted(os.listdir(home)) == sorted([name, "a_extracted"])
    assert get_file("other", (tmp_path / name).as_uri(), extract=True) == str(home / "other")
    assert (home / "other_archive").exists() and (home / "other" / "two.txt").exists()


def test_a_newer_archive_is_extracted_again(home, tmp_path):
    make_zip(tmp_path / "a.zip", ("one.txt", b"1"))
    folder = get_file("a", (tmp_path / "a.zip").as_uri(), extract=True)
    make_zip(home / "a_archive", ("one.txt", b"new"))
    os.utime(home / "a_archive", (2e9, 2e9))
    assert get_file("a", "file:///gone", extract=True) == folder
    assert (home / "a" / "one.txt").read_bytes() == b"new"


def test_what_is_no_archive_is_said(home, origin):
    with pytest.warns(UserWarning, match="it is no archive"):
        get_file("x", origin, extract=True)
    with pytest.warns(UserWarning, match="it is no archive"):
        get_file("y", origin, untar=True)


@pytest.mark.parametrize("form", ["auto", "tar", ["zip", "tar"]])
def test_the_format_can_be_given(tmp_path, form):
    make_tar(tmp_path / "a", ("one.txt", b"1"))
    assert extract_archive(tmp_path / "a", tmp_path / "out", form)
    assert (tmp_path / "out" / "one.txt").exists()


@pytest.mark.parametrize("form", ["zip", None, []])
def test_another_format_extracts_nothing(tmp_path, form):
    make_tar(tmp_path / "a", ("one.txt", b"1"))
    assert not extract_archive(tmp_path / "a", tmp_path / "out", form)
    assert os.listdir(tmp_path) == ["a"]


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(ValueError, match="archive_format must be .* not 'rar'"):
        extract_archive(tmp_path / "a", tmp_path / "out", "rar")


def test_links_become_copies(tmp_path):
    make_tar(
        tmp_path / "a",
        ("top/one.txt", b"1", {"mode": 0o755}),
        ("top/soft", None, {"type": tarfile.SYMTYPE, "linkname": "one.txt"}),
        ("hard", None, {"type": tarfile.LNKTYPE, "linkname": "top/one.txt"}),
        ("folder", None, {"type": tarfile.DIRTYPE}),
    )
    extract_archive(tmp_path / "a", tmp_path / "out")
    for name in ("top/soft", "hard"):
        path = tmp_path / "out" / name
        assert not path.is_symlink() and path.stat().st_nlink == 1 and path.read_bytes() == b"1"
        assert path.stat().st_mode & 0o100
    assert (tmp_path / "out" / "folder").is_dir()


LONG = "d" * 247
HARMFUL = {
    "a path upwards": [("../outside.txt", b"x")],
    "a hidden path upwards": [("top/../../outside.txt", b"x")],
    "a path upwards in another spelling": [("..\\outside.txt", b"x")],
    "an absolute path": [("/outside.txt", b"x")],
    "a drive": [("C:outside.txt", b"x")],
    "a soft link out": [("link", None, {"type": tarfile.SYMTYPE, "linkname": "../outside.txt"})],
    "an absolute soft link": [("link", None, {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})],
    "a hard link out": [("link", None, {"type": tarfile.LNKTYPE, "linkname": "../outside.txt"})],
    "a link to a folder, and a file through it": [
        ("link", None, {"type": tarfile.SYMTYPE, "linkname": ".."}),
        ("link/outside.txt", b"x"),
    ],
    "a link to a folder of its own": [
        ("folder", None, {"type": tarfile.DIRTYPE}),
        ("link", None, {"type": tarfile.SYMTYPE, "linkname": "folder"}),
    ],
    "links in a circle": [
        ("one", None, {"type": tarfile.SYMTYPE, "linkname": "two"}),
        ("two", None, {"type": tarfile.SYMTYPE, "linkname": "one"}),
    ],
    # A chain of links whose resolved path is longer than the system resolves; what follows then goes outside.
    "links too long to resolve": [
        *((f"{LONG}/" * i + LONG, None, {"type": tarfile.DIRTYPE}) for i in range(3)),
        *(
            (f"{LONG}/" * i + "abcdefghijklmnop"[i], None, {"type": tarfile.SYMTYPE, "linkname": LONG})
            for i in range(3)
        ),
        ("a/b/c/escape", None, {"type": tarfile.SYMTYPE, "linkname": "../" * 20}),
        ("a/b/c/escape/outside.txt", b"x"),
    ],
    "a device": [("null", None, {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})],
    "a pipe": [("pipe", None, {"type": tarfile.FIFOTYPE})],
    "a file where a folder is": [("one", b"x"), ("one/two", b"x")],
    "a name too long": [("x" * 300, b"x")],
}


def whole_tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("case", HARMFUL)
def test_a_harmful_tar_is_refused_whole(tmp_path, case):
    make_tar(tmp_path / "a", ("good.txt", b"1"), *HARMFUL[case])
    with pytest.raises(ValueError, match=r"archive|Cannot extract"):
        extract_archive(tmp_path / "a", tmp_path / "deep" / "out")
    assert [name for name in whole_tree(tmp_path) if name != "deep"] == ["a"]


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "top/../../outside.txt", "C:\\outside.txt"])
def test_a_harmful_zip_is_refused_whole(tmp_path, name):
    make_zip(tmp_path / "a.zip", ("good.txt", b"1"), (name, b"x"))
    with pytest.raises(ValueError, match="leaves its folder"):
        extract_archive(tmp_path / "a.zip", tmp_path / "deep" / "out")
    assert [found for found in whole_tree(tmp_path) if found != "deep"] == ["a.zip"]


def test_a_link_stored_in_a_zip_is_a_plain_file(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    make_zip(tmp_path / "a.zip", (info, "/etc/passwd"))
    extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out" / "link").is_symlink() and (tmp_path / "out" / "link").read_text() == "/etc/passwd"


@pytest.mark.parametrize(("make", "name"), [(make_tar, "a.tar.gz"), (make_zip, "a.zip")])
def test_a_damaged_archive_is_named_and_leaves_nothing(tmp_path, make, name):
    path = make(tmp_path / name, ("one.txt", os.urandom(5000)), ("two.txt", os.urandom(5000)))
    data = bytearray(path.read_bytes())
    data[3000:3100] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="Cannot extract"):
        extract_archive(path, tmp_path / "out")
    assert os.listdir(tmp_path) == [name]


def test_extraction_into_a_folder_keeps_what_is_there(tmp_path):
    (tmp_path / "out" / "top").mkdir(parents=True)
    (tmp_path / "out" / "top" / "mine.txt").write_text("mine")
    (tmp_path / "out" / "one.txt").write_text("old")
    make_zip(tmp_path / "a.zip", ("top/new.txt", b"new"), ("one.txt", b"new"), ("more/deep.txt", b"new"))
    extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert whole_tree(tmp_path / "out") == ["more", "more/deep.txt", "one.txt", "top", "top/mine.txt", "top/new.txt"]
    assert (tmp_path / "out" / "one.txt").read_text() == "new"


def test_extraction_does_not_follow_a_link_in_the_way(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "top").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "one.txt").symlink_to(tmp_path / "elsewhere" / "target.txt")
    make_zip(tmp_path / "a.zip", ("one.txt", b"new"), ("top/new.txt", b"new"))
    with pytest.raises(ValueError, match="is a link that leaves"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert os.listdir(tmp_path / "elsewhere") == []
