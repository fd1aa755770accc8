using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// Opens files without waiting. .NET's own way waits in the kernel for somebody to write into a named pipe, and no token or signal ends
/// that.
/// </summary>
internal static class UnixFile
{
    private const int NotThere = 2;
    private const int NoMemory = 12;
    private const int Denied = 13;
    private const int TooManyFilesOnTheMachine = 23;
    private const int TooManyFiles = 24;

    // fcntl.h: O_RDONLY is 0 everywhere.
    private static int WithoutWaiting => OperatingSystem.IsMacOS() ? 0x4 : 0x800;

    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">There is none, or a link leads nowhere.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It cannot be opened for another reason, which the message says.</exception>
    internal static SafeFileHandle Open(string path)
    {
        var descriptor = Open([.. Encoding.UTF8.GetBytes(path), 0], WithoutWaiting | CloseOnExec);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        var message = Marshal.GetPInvokeErrorMessage(error);
        throw error switch
        {
            NotThere => new FileNotFoundException(message, path),
            Denied => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    /// <summary>True where no other file could be opened either.</summary>
    internal static bool IsMachineFault(Exception exception) =>
        !OperatingSystem.IsWindows()
        && exception is IOException { HResult: NoMemory or TooManyFilesOnTheMachine or TooManyFiles };

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
