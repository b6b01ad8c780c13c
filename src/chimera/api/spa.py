"""Serves the built web app: pages filled for their address, assets for ever."""

from fastapi import APIRouter

router = APIRouter()
