namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The lock of a data folder: whoever runs an app there holds it, and the system drops it with the process.</summary>
internal static class AppLock
{
    private const string FileName = "up.lock";

    /// <summary>Takes the lock.</summary>
    /// <param name="data">The data folder, which exists.</param>
    /// <exception cref="IOException">Another process holds it.</exception>
    public static FileStream Take(string data) => new(
        Path.Combine(data, FileName),
        FileMode.OpenOrCreate,
        FileAccess.ReadWrite,
        FileShare.None,
        bufferSize: 1,
        FileOptions.DeleteOnClose);

    /// <summary>Whether an app runs in a data folder.</summary>
    public static bool IsHeld(DirectoryInfo data)
    {
        var path = Path.Combine(data.FullName, FileName);
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
