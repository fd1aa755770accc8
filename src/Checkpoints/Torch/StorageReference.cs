namespace Nanodet.Checkpoints.Torch;

/// <summary>How a pickle refers to a storage: by its key in the file, with the element type and count it should have.</summary>
internal readonly record struct StorageReference(string Key, TorchDType Type, long Elements)
{
    /// <summary>Refuses a storage that claims more than there is.</summary>
    /// <param name="available">Bytes that there are.</param>
    /// <param name="where">What has them.</param>
    /// <exception cref="CheckpointException">It claims more.</exception>
    public void RequireSize(long available, string where)
    {
        if (Elements < 0 || Elements > CheckpointLimits.TensorElements || Elements * Type.ByteSize() > available)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The storage '{Key}' should hold {Elements} x {Type}, but its {where} has {available} bytes.");
        }
    }

    /// <summary>The error about two tensors that see one storage differently.</summary>
    public CheckpointException Contradicts(StorageReference other) => new(
        CheckpointErrorCode.Malformed,
        $"The storage '{Key}' is {other.Elements} x {other.Type} for one tensor and {Elements} x {Type} for another.");
}
