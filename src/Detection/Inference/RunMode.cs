namespace Nanodet.Detection.Inference;

/// <summary>How the runs of a model are made, and where its tensors lie.</summary>
/// <param name="Order"><see cref="Overlapping"/> or <see cref="OneAtATime"/>.</param>
/// <param name="Memory">
/// <see cref="Pageable"/> or <see cref="Pinned"/>: the tensors that images are written into and outputs are read from.
/// </param>
/// <param name="InputCopy">
/// <see cref="None"/>, <see cref="InTheRun"/> or <see cref="Ahead"/>: when the input of a run goes to the GPU.
/// </param>
/// <param name="Note">Why the memory is another than the provider is meant to have; null where it is not.</param>
public sealed record RunMode(string Order, string Memory, string InputCopy, string? Note = null)
{
    /// <summary>Several runs at the same time.</summary>
    public const string Overlapping = "overlapping";

    /// <summary>One run after the other, in the order in which they were asked for.</summary>
    public const string OneAtATime = "one at a time";

    /// <summary>Memory as any other; a copy between it and a GPU goes through pinned memory of the driver.</summary>
    public const string Pageable = "pageable";

    /// <summary>Page-locked memory, which the GPU reads and writes itself.</summary>
    public const string Pinned = "pinned";

    /// <summary>Nothing is copied.</summary>
    public const string None = "none";

    /// <summary>A run begins with the copy of its input.</summary>
    public const string InTheRun = "in the run";

    /// <summary>The input is copied while the run before is under way.</summary>
    public const string Ahead = "ahead";

    /// <summary>In a few words, for people.</summary>
    public override string ToString() =>
        $"{Order}, {Memory} memory{(InputCopy == None ? "" : $", input copied {InputCopy}")}{(Note is null ? "" : $" ({Note})")}";
}
