using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Native libraries that lie in another program's folder: the app inside the tool <c>nanodet</c> has none of its own, because each would
/// be stored twice.
/// </summary>
internal static class SharedNatives
{
    /// <summary>The environment variable that names the folder; whoever starts the app sets it.</summary>
    public const string Variable = "NANODET_NATIVES";

    private const string SearchDirectories = "NATIVE_DLL_SEARCH_DIRECTORIES";

    /// <summary>Lets libraries that are found nowhere else be taken from the folder that the variable names, if it is set.</summary>
    public static void Use()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
        {
            return;
        }

        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, library) => Load(folder, library);

        // The runtime has read this list already; it is for whoever looks for a library's file.
        AppContext.SetData(SearchDirectories, $"{AppContext.GetData(SearchDirectories)}{Path.PathSeparator}{folder}");
    }

    /// <summary>The file names that a library's name may stand for, the likeliest first.</summary>
    internal static IEnumerable<string> FileNames(string library)
    {
        yield return library;
        if (OperatingSystem.IsWindows())
        {
            yield return $"{library}.dll";
            yield break;
        }

        var extension = OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        yield return $"lib{library}{extension}";
        yield return $"{library}{extension}";
        yield return $"lib{library}";
    }

    private static nint Load(string folder, string library)
    {
        foreach (var path in FileNames(library).Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            return NativeLibrary.Load(path);
        }

        return 0;
    }
}
