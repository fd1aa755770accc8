namespace Nanodet.Serverless.Infra.Tests;

/// <summary>What the build of these tests built beside them.</summary>
internal static class BuildOutput
{
    private static readonly string Configuration =
        Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);

    /// <summary>The function app's.</summary>
    public static string Functions { get; } = Repository.PathOf("src", "Functions", "bin", Configuration, "net10.0");
}
