"""The control plane: accounts, entitlements, provisioning."""

from orchestration.assets.raw import raw_asset

control_plane = raw_asset(
    "control_plane",
    "Accounts, entitlements and provisioning states of the control plane.",
    kinds={"json"},
)
