"""What tests of the way out share: an authority that signs for their hosts."""

import pytest

from tests.egress.stage import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.founded(tmp_path_factory.mktemp("authority"))
