"""The review page: HTML made here, with a little plain JavaScript. In: titles and their results; out: pages and the
files that they load."""
