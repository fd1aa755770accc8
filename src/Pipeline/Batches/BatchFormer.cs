using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Groups images by job and options. Pure: the same images give the same batches, in whatever order they come.</summary>
public static class BatchFormer
{
    /// <summary>Forms batches.</summary>
    /// <param name="images">Any number; repetitions are dropped.</param>
    /// <param name="maxSize">At least 1.</param>
    public static IReadOnlyList<FormedBatch> Form(IEnumerable<ImageMessage> images, int maxSize) => throw new NotImplementedException();
}
