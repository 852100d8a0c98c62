"""A page to try a model on: photos in, faces with their doubt out, nothing kept.

`page` lays it out, `answer` fills it, `plot` draws, `server` shows it to this machine
alone. Gradio is imported here and nowhere else.
"""

from agegender.demo.answer import Answering
from agegender.demo.page import draw_page
from agegender.demo.server import open_port, serve

__all__ = ["Answering", "draw_page", "open_port", "serve"]
