namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Reads messages of this app, and refuses those of a newer one.</summary>
public static class MessageReader
{
    /// <summary>Reads a message of queue <c>images</c>.</summary>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidMessage"/> or <see cref="PipelineErrorCodes.UnsupportedVersion"/>.
    /// </exception>
    public static ImageMessage ReadImage(ReadOnlyMemory<byte> json) => throw new NotImplementedException();

    /// <summary>Reads a message of queue <c>batches</c>.</summary>
    /// <inheritdoc cref="ReadImage"/>
    public static BatchMessage ReadBatch(ReadOnlyMemory<byte> json) => throw new NotImplementedException();
}
