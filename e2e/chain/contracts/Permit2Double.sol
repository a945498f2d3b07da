// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface IToken {
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// @title Stands in for Permit2 where nobody looks at signatures: nonces, movements and events as there.
contract Permit2Double {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    mapping(address owner => mapping(uint256 word => uint256)) public nonceBitmap;

    event UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask);

    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata details,
        address owner,
        bytes32,
        string calldata,
        bytes calldata
    ) external {
        require(block.timestamp <= permit.deadline, "Permit2Double: expired");
        uint256 bit = 1 << (permit.nonce & 255);
        uint256 before = nonceBitmap[owner][permit.nonce >> 8];
        require(before & bit == 0, "Permit2Double: used");
        nonceBitmap[owner][permit.nonce >> 8] = before | bit;
        require(IToken(permit.permitted.token).transferFrom(owner, details.to, details.requestedAmount), "not moved");
    }

    function invalidateUnorderedNonces(uint256 word, uint256 mask) external {
        nonceBitmap[msg.sender][word] |= mask;
        emit UnorderedNonceInvalidation(msg.sender, word, mask);
    }
}
