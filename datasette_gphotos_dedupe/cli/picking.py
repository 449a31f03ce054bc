"""What `library` and `picker` print."""

from __future__ import annotations

import sys
import webbrowser

import click

from ..pipeline.fetching import FetchReport


def show_link(link: str, open_browser: bool) -> None:
    """Send the person to Google's page for picking photos."""
    click.echo("Pick photos on this page and tap Done (up to 2,000 at a time; run the command again for more):")
    click.echo(link)
    if open_browser:
        webbrowser.open(link)


class Countdown:
    """How long Google still waits for the person: a live line on a terminal, once elsewhere."""

    def __init__(self, silent: bool):
        self._silent, self._said = silent, False

    def __call__(self, left_s: float) -> None:
        text = f"Waiting for you to tap Done: {int(left_s // 60)} min {int(left_s % 60):02d} s left"
        if sys.stderr.isatty() and not self._silent:
            sys.stderr.write(f"\r{text}  ")
        elif not self._said and not self._silent:
            click.echo(text, err=True)
        self._said = True


def summary(report: FetchReport) -> str:
    """For example ``1,200 photos listed: 40 new, 3 changed, 40 pictures fetched.``"""
    text = f"{report.listed:,} photos listed: {report.added:,} new, {report.updated:,} changed, {report.pictures:,} pictures fetched."
    if report.without_picture:
        text += f" {report.without_picture:,} have no picture yet; the skipped table says why."
    if report.gone:
        text += f" {report.gone:,} are no longer in Google Photos and count as trashed."
    return text
