#!/usr/bin/python3
"""Runs Debian's azure-cli 2.45, whose network commands crash as packaged.

The package asks azure-mgmt-network for the API version 2022-01-01, but python3-azure holds only the models of
2022-07-01 and keeps the operations beside them, in a module without a version. So that version is named instead, and
where its operations are looked for, the ones without a version are found. Nothing else of az is changed.
"""
import importlib
import importlib.abc
import importlib.util
import os
import runpy
import sys

PACKAGE = 'azure.mgmt.network'
VERSION = '2022-07-01'
VERSIONED = PACKAGE + '.v2022_07_01.operations'


class Alias(importlib.abc.Loader):
    """Gives out an existing module under another name."""

    def __init__(self, target):
        self.target = target

    def create_module(self, spec):
        return importlib.import_module(self.target)

    def exec_module(self, module):
        pass


class OperationsFinder(importlib.abc.MetaPathFinder):
    """Finds the operations without a version where those of VERSION are looked for; nothing is imported before."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != VERSIONED and not fullname.startswith(VERSIONED + '.'):
            return None
        unversioned = PACKAGE + '.operations' + fullname[len(VERSIONED):]
        return importlib.util.spec_from_loader(fullname, Alias(unversioned))


def repair():
    from azure.cli.core.profiles import ResourceType, _shared
    wanted = _shared.AZURE_API_PROFILES['latest'].get(ResourceType.MGMT_NETWORK)
    if wanted is None or importlib.util.find_spec(PACKAGE + '.v' + wanted.replace('-', '_')):
        return
    _shared.AZURE_API_PROFILES['latest'][ResourceType.MGMT_NETWORK] = VERSION
    sys.meta_path.append(OperationsFinder())


if __name__ == '__main__':
    os.environ.setdefault('AZ_INSTALLER', 'DEB')
    repair()
    runpy.run_module('azure.cli')
