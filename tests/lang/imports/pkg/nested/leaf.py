from .. import name as up
from ..sub import deep
from . import marker
climb = f"{up}|{deep}|{marker}"
