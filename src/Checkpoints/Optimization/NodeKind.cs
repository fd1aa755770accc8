namespace Nanodet.Checkpoints.Optimization;

/// <summary>What a node does to the channels of its feature maps.</summary>
internal enum NodeKind
{
    /// <summary>Unknown: it gets its inputs exactly as the plain graph lays them out.</summary>
    Opaque,

    /// <summary>Only chooses and orders channels: Split, Gather and Concat along the channels.</summary>
    Selection,

    /// <summary>Every output channel depends on every input channel: a convolution without groups.</summary>
    Mixing,

    /// <summary>A convolution with weights for each channel by itself.</summary>
    Depthwise,

    /// <summary>The same for each channel, with one input: activations, pooling, resizing.</summary>
    Channelwise,

    /// <summary>The same for each channel, with two inputs: sums and products.</summary>
    Joining,
}
