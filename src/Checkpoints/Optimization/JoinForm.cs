namespace Nanodet.Checkpoints.Optimization;

/// <summary>How a channelwise node takes its inputs.</summary>
internal enum JoinForm
{
    /// <summary>Tensor by tensor: as many nodes as the inputs have tensors.</summary>
    ByTensor,

    /// <summary>The tensors of each input joined into one.</summary>
    Joined,

    /// <summary>Each input as the plain graph lays it out.</summary>
    Exact,
}
