"""Logs Insights: the query language and its evaluation, without IO."""
