"""What every forked server has ready: imported last by the process that they are forked from."""

import gc

from aggregator.settings import Settings
from aggregator.web.app import create_app
from aggregator.web.pages.templating import warm

create_app(Settings.model_construct())  # compiles regular expressions
warm()
gc.collect()
gc.freeze()  # or the first collection in a server would copy the memory that it shares with this process
