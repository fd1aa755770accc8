namespace Nanodet.Serverless.TestKit;

/// <summary>The official implementation's outputs, where the machine has them; they are not part of the repository.</summary>
public static class GoldenFolder
{
    public const string Variable = "NANODET_GOLDEN";

    public const string HowToSet = "set NANODET_GOLDEN to the folder with the official outputs";

    /// <summary>A path below the folder, or null when the variable is not set.</summary>
    public static string? Find(params string[] parts) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } root ? Path.Combine([root, .. parts]) : null;
}
