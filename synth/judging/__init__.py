"""Judging pairs by models: questions in both orders, verdicts read strictly, labels audited."""
