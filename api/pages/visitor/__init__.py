"""Pages that anybody may open."""

from typing import Any

from api.pages.visitor.display.handler import choose_language, save_display, see_display
from api.pages.visitor.guide.handler import move_guide
from api.pages.visitor.home.handler import demo_sign_in, home
from api.pages.visitor.provider_sign_in.handler import begin_at_provider, come_back
from api.pages.visitor.sign_in.handler import see_sign_in, sign_in, sign_out

handlers: list[Any] = [
    home, demo_sign_in, move_guide, see_sign_in, sign_in, sign_out, begin_at_provider, come_back,
    see_display, save_display, choose_language,
]  # fmt: skip
