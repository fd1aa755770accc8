namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

/// <summary>
/// The official implementation's files, which are not ours to commit: the environment variable <c>NANODET_GOLDEN</c> names a folder
/// that holds <c>golden</c> (random weights with their outputs) and <c>real</c> (trained weights).
/// </summary>
internal static class GoldenFolder
{
    private static readonly string? Root = Environment.GetEnvironmentVariable("NANODET_GOLDEN");

    /// <summary>A path below the folder; the running test is skipped, with the reason, where the folder is not given.</summary>
    public static string Path(params ReadOnlySpan<string> parts)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Root), "set NANODET_GOLDEN to a folder with the official outputs");
        return System.IO.Path.Combine([Root!, .. parts]);
    }
}
