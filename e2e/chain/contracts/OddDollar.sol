// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title A token whose signed transfers keep count of nonces, and may leave out what others do.
/// @notice For tests of who reads a chain: it checks no signature, and every balance is without end.
contract OddDollar {
    bool private immutable moves;
    bool private immutable tells;
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    /// @param moves_ whether a transfer has any effect
    /// @param tells_ whether the use of a nonce leaves an event
    constructor(bool moves_, bool tells_) {
        moves = moves_;
        tells = tells_;
    }

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32 nonce,
        bytes calldata
    ) external {
        require(!authorizationState[from][nonce], "OddDollar: used");
        authorizationState[from][nonce] = true;
        if (moves) emit Transfer(from, to, value);
        // Behind the movement, as other tokens have it before.
        if (tells) emit AuthorizationUsed(from, nonce);
    }
}
