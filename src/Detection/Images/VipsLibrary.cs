using System.Runtime.InteropServices;
using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Images;

/// <summary>
/// The bundled libvips, loaded at its first use. It is looked for before anything of NetVips is touched: NetVips remembers for the life of
/// a process that it did not find the library, while here a second try may succeed.
/// </summary>
internal static unsafe class VipsLibrary
{
    private static readonly Lock Gate = new();
    private static delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*> _fetch;
    private static delegate* unmanaged[Cdecl]<void*, void> _free;
    private static volatile bool _ready;

    /// <summary>Whether the library has warned of anything on this thread, which decodes one image at a time, since this was set.</summary>
    [ThreadStatic]
    internal static bool HasComplained;

    /// <summary>Loads and starts the library.</summary>
    /// <exception cref="EnvironmentException">It is missing or cannot be used. The next call tries again.</exception>
    internal static void Require()
    {
        if (_ready)
        {
            return;
        }

        lock (Gate)
        {
            if (!_ready)
            {
                var library = NativeLibraries.Require(NativeLibraries.ImageDecoder);
                _fetch = (delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*>)
                    NativeLibrary.GetExport(library, "vips_region_fetch");
                _free = (delegate* unmanaged[Cdecl]<void*, void>)NativeLibrary.GetExport(library, "g_free");
                SetFonts(library);
                Start();
                _ready = true;
            }
        }
    }

    /// <summary>Calls <paramref name="use"/> with rows of an image, without a copy on the managed heap.</summary>
    /// <param name="region">A region of the image.</param>
    /// <param name="top">The first row.</param>
    /// <param name="width">The image's columns.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="use">Takes the rows' bytes, without gaps; they are gone afterwards.</param>
    /// <typeparam name="TState">What <paramref name="use"/> needs besides.</typeparam>
    /// <param name="state">The same.</param>
    /// <returns>False where the decoder fails.</returns>
    internal static bool TryFetch<TState>(Region region, int top, int width, int rows, ReadOnlySpanAction<TState> use, TState state)
        where TState : allows ref struct
    {
        nuint length;
        var data = _fetch(region.DangerousGetHandle(), 0, top, width, rows, &length);
        if (data is null)
        {
            return false;
        }

        try
        {
            use(new ReadOnlySpan<byte>(data, checked((int)length)), state);
            return true;
        }
        finally
        {
            _free(data);
        }
    }

    /// <summary>Takes the bytes of some rows.</summary>
    internal delegate void ReadOnlySpanAction<TState>(ReadOnlySpan<byte> rows, TState state)
        where TState : allows ref struct;

    // Text is drawn with the font that comes with the app, never with one of the machine: what the library finds of its own accord would
    // differ, and it complains on standard error where there is no configuration.
    private static void SetFonts(nint library)
    {
        var set = (delegate* unmanaged[Cdecl]<byte*, byte*, int, int>)NativeLibrary.GetExport(library, "g_setenv");
        var (name, value) = (Marshal.StringToCoTaskMemUTF8("FONTCONFIG_FILE"), Marshal.StringToCoTaskMemUTF8(LabelFont.Configuration));
        try
        {
            _ = set((byte*)name, (byte*)value, 1);
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
            Marshal.FreeCoTaskMem(value);
        }
    }

    private static void Start()
    {
        if (!ModuleInitializer.VipsInitialized && !NetVips.NetVips.Init())
        {
            throw new EnvironmentException(
                EnvironmentErrorCodes.LibraryUnusable,
                LibVips.Name,
                $"{LibVips.Name} was found and does not start.",
                ModuleInitializer.Exception);
        }

        // Images run beside each other: each on the thread that asks for it, and none is asked for twice.
        NetVips.NetVips.Concurrency = 1;
        Cache.Max = 0;
        Cache.MaxFiles = 0;
        Cache.MaxMem = 0;
        NetVips.NetVips.BlockUntrusted = true;

        // What the library has to say about a bad image becomes an ImageException; standard error stays for people.
        Log.SetLogHandler(
            "VIPS",
            Enums.LogLevelFlags.All,
            static (_, level, _) => HasComplained |= (level & Enums.LogLevelFlags.Warning) != 0);
    }
}
