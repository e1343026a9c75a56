"""Where the repository and the published book live, from the one line in ``_config.yml``.

A forge that runs CI tells its own address by ``GITHUB_SERVER_URL`` and ``GITHUB_REPOSITORY``, which
win, so that a fork's book links to the fork.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

CONFIG = Path(__file__).parents[2] / "_config.yml"
UNSET = """
  ************************************************************************************
  The repository's address is still a placeholder: {url}
  Buttons for Colab, install cells and cards lead nowhere.  Set `repository: url` in
  _config.yml, then: make notebooks derive
  ************************************************************************************
"""


@dataclass(frozen=True)
class Address:
    """A repository on a forge: ``url`` without a trailing slash, and the branch that is read."""

    url: str
    branch: str = "main"

    @property
    def owner(self):
        return urlsplit(self.url).path.strip("/").split("/")[0]

    @property
    def name(self):
        return urlsplit(self.url).path.strip("/").split("/")[-1]

    @property
    def is_placeholder(self):
        """Has nobody said yet where the repository is?"""
        return self.url.endswith("/OWNER/REPO")

    @property
    def on_github(self):
        return urlsplit(self.url).netloc == "github.com"

    @property
    def pages(self):
        """The published book, with a trailing slash; the repository where no pages are known."""
        if not self.on_github:
            return self.url + "/"
        site = f"{self.owner.lower()}.github.io"
        return f"https://{site}/" if self.name.lower() == site else f"https://{site}/{self.name}/"

    def raw(self, path):
        """A file of the repository as it is, for pictures in notebooks."""
        if self.on_github:
            base = f"https://raw.githubusercontent.com/{self.owner}/{self.name}"
            return f"{base}/{self.branch}/{path}"
        return f"{self.url}/-/raw/{self.branch}/{path}"

    def blob(self, path, first, last):
        """The page that shows these lines of a file."""
        if self.on_github:
            return f"{self.url}/blob/{self.branch}/{path}#L{first}-L{last}"
        return f"{self.url}/-/blob/{self.branch}/{path}#L{first}-{last}"

    def colab(self, notebook):
        """The address that opens a committed notebook on Colab; only GitHub can be opened there."""
        base = f"https://colab.research.google.com/github/{self.owner}/{self.name}"
        return f"{base}/blob/{self.branch}/{notebook}"


def find(configured, branch="main", environ=os.environ):
    """The address from ``repository.url``, unless CI's environment names another."""
    if environ.get("GITHUB_REPOSITORY"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        configured = f"{server}/{environ['GITHUB_REPOSITORY']}"
    return Address(configured.rstrip("/").removesuffix(".git"), branch or "main")


def configured(environ=os.environ):
    """The address that the book is built with."""
    said = yaml.safe_load(CONFIG.read_text("utf-8"))["repository"]
    return find(said["url"], said["branch"], environ)


if __name__ == "__main__":  # after a build: say loudly what is missing
    if (place := configured()).is_placeholder:
        print(UNSET.format(url=place.url), file=sys.stderr)
