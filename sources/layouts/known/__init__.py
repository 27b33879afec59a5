"""The known layouts: those of trainers, those of ranked and judged answers, those of single answers."""
