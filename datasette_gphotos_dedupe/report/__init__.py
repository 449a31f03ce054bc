"""The report: one HTML file for a browser or a printer, made from a stripped copy and therefore as private as one."""

from .page import ReportOptions, ReportSummary, save_report

__all__ = ["ReportOptions", "ReportSummary", "save_report"]
