using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Detection.Tests.Natives;

public sealed class EnvironmentFaultTests
{
    [Fact]
    public void From_LibraryThatDoesNotExist_NamesIt()
    {
        var exception = Record.Exception(() => NativeLibrary.Load("libnanodet-nowhere.so.3"));

        AssertFault(EnvironmentErrorCodes.LibraryMissing, "libnanodet-nowhere.so.3", exception);
    }

    [Fact]
    public void From_CallIntoALibraryThatDoesNotExist_NamesIt()
    {
        var exception = Record.Exception(() => Missing());

        AssertFault(EnvironmentErrorCodes.LibraryMissing, "nanodet-nowhere", exception);
    }

    [Fact]
    public void From_CallOfAFunctionThatDoesNotExist_NamesLibraryAndFunction()
    {
        var exception = Assert.Throws<EntryPointNotFoundException>(() => NoSuchFunction());

        var fault = AssertFault(EnvironmentErrorCodes.LibraryUnusable, "libc", exception);
        Assert.Contains("nanodet_no_such_function", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_FileThatIsNoLibrary_IsUnusable()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("nanodet-test-").FullName, "libnone.so");
        File.WriteAllText(file, "this is no library, however long it may be: a loader finds no header here");

        var exception = Record.Exception(() => NativeLibrary.Load(file));

        AssertFault(EnvironmentErrorCodes.LibraryUnusable, "libnone.so", exception);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public void From_TypeInitializer_IsWhatStoppedItAndAsksForARestart()
    {
        var exception = Assert.Throws<TypeInitializationException>(() => Broken.Value);

        var fault = AssertFault(EnvironmentErrorCodes.LibraryMissing, "libnanodet-nowhere.so.3", exception);
        Assert.Contains("restart", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_DeepInsideOthers_IsFound()
    {
        var missing = Record.Exception(() => NativeLibrary.Load("libnanodet-nowhere.so.3"))!;
        var exception = new AggregateException(
            new InvalidOperationException("first"), new IOException("second", new InvalidOperationException("third", missing)));

        AssertFault(EnvironmentErrorCodes.LibraryMissing, "libnanodet-nowhere.so.3", exception);
    }

    [Theory]
    [InlineData("Failed to allocate memory for requested buffer of size 1")]
    [InlineData("std::bad_alloc")]
    public void From_OnnxRuntimeShortOfMemory_IsOutOfMemory(string message) =>
        AssertFault(EnvironmentErrorCodes.OutOfMemory, null, OnnxRuntimeFault(message));

    [Fact]
    public void From_OutOfMemory_IsOutOfMemory()
    {
        // More than an array may have.
        var exception = Assert.Throws<OutOfMemoryException>(() => new byte[int.MaxValue]);
        AssertFault(EnvironmentErrorCodes.OutOfMemory, null, new InvalidOperationException("a batch", exception));
        AssertFault(EnvironmentErrorCodes.OutOfMemory, null, new InsufficientMemoryException());
    }

    [Fact]
    public void From_ProviderWhoseDependencyIsMissing_NamesTheDependency() => AssertFault(
        EnvironmentErrorCodes.LibraryMissing,
        "libcublasLt.so.13",
        OnnxRuntimeFault(
            "provider_bridge_ort.cc:2195 TryGetProviderInfo_CUDA [ONNXRuntimeError] : 1 : FAIL : Failed to load library "
            + "/app/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory"));

    [Theory]
    [InlineData("Non-zero status code returned while running Conv node")]
    [InlineData("Load model from memory failed: Protobuf parsing failed.")]
    public void From_ModelThatOnnxRuntimeRefuses_IsNone(string message) => Assert.Null(EnvironmentFault.From(OnnxRuntimeFault(message)));

    [Fact]
    public void From_ImageThatCannotBeUsed_IsNoneWhateverIsInside()
    {
        var missing = Record.Exception(() => NativeLibrary.Load("libnanodet-nowhere.so.3"));
        Assert.Null(EnvironmentFault.From(new ImageException(ImageErrorCodes.Undecodable, "PNG: no", missing)));
        Assert.Null(EnvironmentFault.From(new ModelLoadException(ModelErrorCodes.NotFound, "no model")));
        Assert.Null(EnvironmentFault.From(new FileNotFoundException("no file")));
        Assert.Null(EnvironmentFault.From(null));
    }

    [Theory]
    [InlineData("/app/libx.so: cannot open shared object file: No such file or directory\nlibgtk-3.so.0: cannot open shared object file: No such file or directory", EnvironmentErrorCodes.LibraryMissing, "libgtk-3.so.0")]
    [InlineData("Error loading shared library libgcc_s.so.1: No such file or directory (needed by /app/libx.so)", EnvironmentErrorCodes.LibraryMissing, "libgcc_s.so.1")]
    [InlineData("dlopen(libx.dylib, 0x0001): Library not loaded: @rpath/libomp.dylib", EnvironmentErrorCodes.LibraryMissing, "libomp.dylib")]
    [InlineData("/app/libx.so: /lib/libc.so.6: version `GLIBC_2.38' not found (required by /app/libx.so)", EnvironmentErrorCodes.LibraryUnusable, "libc.so.6")]
    [InlineData("/app/libx.so: wrong ELF class: ELFCLASS32", EnvironmentErrorCodes.LibraryUnusable, "libx.so")]
    [InlineData("/app/x.so: cannot open shared object file: No such file or directory\n/app/libx.so: undefined symbol: vips_new", EnvironmentErrorCodes.LibraryUnusable, "libx.so")]
    [InlineData("/app/libx.so: invalid ELF header\n/app/liblibx.so: cannot open shared object file: No such file or directory\nlibx.so.so: cannot open shared object file: No such file or directory", EnvironmentErrorCodes.LibraryUnusable, "libx.so")]
    [InlineData("/app/x.so: cannot open shared object file: No such file or directory", EnvironmentErrorCodes.LibraryMissing, "x.so")]
    public void Find_WhatALoaderSays_NamesTheOneToBlame(string text, string code, string library)
    {
        var complaint = LoaderComplaint.Find(text, "libx.so");
        Assert.Equal((code, library), (complaint?.Code, complaint?.Library));
    }

    [Theory]
    [InlineData("libstdc++.so.6", "Debian: apt-get install libstdc++6; Fedora: dnf install 'libstdc++.so.6()(64bit)'; Alpine: apk add so:libstdc++.so.6.")]
    [InlineData("libcudnn.so.9", "From NVIDIA's repository, Debian: apt-get install libcudnn9-cuda-13; Fedora: dnf install libcudnn9-cuda-13.")]
    [InlineData("libcuda.so.1", "Install NVIDIA's driver.")]
    [InlineData("libnowhere.so.3", "Debian: apt-file search libnowhere.so.3; Fedora: dnf install 'libnowhere.so.3()(64bit)'; Alpine: apk add so:libnowhere.so.3.")]
    [InlineData("x.dll", null)]
    public void FindCommands_Library_IsWhatInstallsIt(string library, string? commands) =>
        Assert.Equal(commands, SystemPackages.FindCommands(library));

    [Fact]
    public void Missing_LibraryThatComesWithTheProgram_NamesItsPackage()
    {
        Assert.Contains(
            $"NuGet package NetVips.Native.{RuntimeInformation.RuntimeIdentifier}:",
            EnvironmentFault.Missing(NativeLibraries.ImageDecoder.File, NativeLibraries.ImageDecoder, null).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "NuGet package Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CUDA):",
            EnvironmentFault.Missing(NativeLibraries.OnnxRuntime.File, NativeLibraries.OnnxRuntime, null).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            "NuGet",
            EnvironmentFault.Missing(NativeLibraries.JpegDecoder.File, NativeLibraries.JpegDecoder, null).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Examine_ThisMachine_ListsEveryLibraryWithItsFileOrWhatMendsIt()
    {
        var libraries = NativeLibraries.Examine();

        Assert.Superset(NativeLibraries.All.Select(library => library.File).ToHashSet(), libraries.Select(library => library.File).ToHashSet());
        Assert.All(libraries.Where(library => library.Required), library => Assert.True(library is { Found: true, Path: not null, Version: not null }, $"{library}"));
        Assert.All(libraries.Where(library => !library.Found), library => Assert.Contains(library.File, library.Problem, StringComparison.Ordinal));
    }

    private static EnvironmentException AssertFault(string code, string? library, Exception? exception)
    {
        var fault = EnvironmentFault.From(exception);
        Assert.NotNull(fault);
        Assert.Equal((code, library), (fault.Code, fault.Library));
        Assert.DoesNotContain('\n', fault.Message);
        if (library is not null)
        {
            Assert.Contains(library, fault.Message, StringComparison.Ordinal);
        }

        return fault;
    }

    /// <summary>ONNX Runtime keeps its exception's constructor to itself.</summary>
    private static OnnxRuntimeException OnnxRuntimeFault(string message)
    {
        var constructor = Assert.Single(typeof(OnnxRuntimeException).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic));
        var code = Enum.ToObject(constructor.GetParameters()[0].ParameterType, 1);
        return (OnnxRuntimeException)constructor.Invoke([code, message]);
    }

    [DllImport("nanodet-nowhere", EntryPoint = "nothing")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Missing();

    [DllImport("libc", EntryPoint = "nanodet_no_such_function")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NoSuchFunction();

    private static class Broken
    {
        internal static readonly IntPtr Value = NativeLibrary.Load("libnanodet-nowhere.so.3");
    }
}
