// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Permit2Double} from "./Permit2Double.sol";

/// @title Stands in for the contract that settles `exact` payments by Permit2, with the same calls and events.
contract ExactProxyDouble {
    struct Witness {
        address to;
        uint256 validAfter;
    }

    struct EIP2612Permit {
        uint256 value;
        uint256 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    Permit2Double private constant PERMIT2 = Permit2Double(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    event Settled();
    event SettledWithPermit();

    function settle(
        Permit2Double.PermitTransferFrom calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external {
        _settle(permit, owner, witness, signature);
        emit Settled();
    }

    /// @dev The allowance is taken for granted.
    function settleWithPermit(
        EIP2612Permit calldata,
        Permit2Double.PermitTransferFrom calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external {
        _settle(permit, owner, witness, signature);
        emit SettledWithPermit();
    }

    function _settle(
        Permit2Double.PermitTransferFrom calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) private {
        require(block.timestamp >= witness.validAfter, "ExactProxyDouble: too early");
        PERMIT2.permitWitnessTransferFrom(
            permit,
            Permit2Double.SignatureTransferDetails(witness.to, permit.permitted.amount),
            owner,
            keccak256(abi.encode(witness)),
            "",
            signature
        );
    }
}
