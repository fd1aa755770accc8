namespace Nanodet.Serverless.Exports.Targets;

/// <summary>What file systems say of the names of files.</summary>
public static class FileNames
{
    // ERROR_INVALID_NAME, which is what Windows says of a segment that is too long.
    private const int InvalidName = unchecked((int)0x8007007B);

    /// <summary>Whether a file could not be made because its name, or the path to it, is longer than the file system takes.</summary>
    /// <param name="exception">What came of the try.</param>
    public static bool IsTooLong(Exception exception) => exception is PathTooLongException or IOException { HResult: InvalidName };
}
