"""The results site: one page to browse an experiment, with its data and pictures as files beside
it.
"""
