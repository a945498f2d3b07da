// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The smallest smart wallet: a contract that signs through its owner's key (EIP-1271).
/// @notice A signature is either the owner's 65 bytes, or `abi.encode(uint256 0, bytes ownerSignature)`, the longer
///         form that wallets with several keys use.
contract SmartWallet {
    address public owner;

    modifier onlyOwner() {
        require(msg.sender == owner, "SmartWallet: not the owner");
        _;
    }

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {}

    /// @notice Hands the wallet over; what the former owner signed and nobody used stops being valid.
    function setOwner(address owner_) external onlyOwner {
        owner = owner_;
    }

    function execute(address target, uint256 value, bytes calldata data) external onlyOwner returns (bytes memory) {
        (bool done, bytes memory answer) = target.call{value: value}(data);
        require(done, "SmartWallet: call failed");
        return answer;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length == 65) return _judge(digest, signature);
        (uint256 key, bytes memory inner) = abi.decode(signature, (uint256, bytes));
        return key == 0 && inner.length == 65 ? _judge(digest, inner) : bytes4(0xffffffff);
    }

    function _judge(bytes32 digest, bytes memory signature) private view returns (bytes4) {
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
        address recovered = ecrecover(digest, v, r, s);
        bool valid = recovered != address(0) && recovered == owner;
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
