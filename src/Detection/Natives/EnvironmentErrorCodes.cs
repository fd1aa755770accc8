namespace Nanodet.Detection.Natives;

/// <summary>
/// The stable codes of <see cref="EnvironmentException"/>. They say what the machine lacks, and never stand in a record of an image.
/// </summary>
public static class EnvironmentErrorCodes
{
    /// <summary>The loader does not find a native library, or one that this library needs.</summary>
    public const string LibraryMissing = "library_missing";

    /// <summary>
    /// A native library is there and cannot be used: of another architecture, damaged, too old, or without a function that is called.
    /// </summary>
    public const string LibraryUnusable = "library_unusable";

    /// <summary>The machine or the GPU has too little memory.</summary>
    public const string OutOfMemory = "out_of_memory";

    /// <summary>The native libraries load, and do not decode or draw what they have to.</summary>
    public const string SelfTestFailed = "self_test_failed";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } = [LibraryMissing, LibraryUnusable, OutOfMemory, SelfTestFailed];
}
