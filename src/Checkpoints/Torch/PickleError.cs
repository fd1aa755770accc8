namespace Nanodet.Checkpoints.Torch;

/// <summary>Errors about pickles.</summary>
internal static class PickleError
{
    /// <summary>The pickle contradicts itself, or PyTorch.</summary>
    /// <param name="found">What was found, such as <c>a parameter without a tensor</c>.</param>
    public static CheckpointException Malformed(string found) =>
        new(CheckpointErrorCode.Malformed, $"The checkpoint's pickle does not describe tensors: {found}.");

    /// <summary>A text out of a file, short enough for a message.</summary>
    public static string Shortened(string text) => text.Length <= 80 ? text : $"{text[..80]}...";
}
