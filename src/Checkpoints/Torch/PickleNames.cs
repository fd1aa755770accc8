namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// What the names in a pickle stand for. A few make tensors and containers; those that run code when Python loads the file have the file
/// refused; every other one stands for nothing but itself, see <see cref="Placeholder"/>.
/// </summary>
internal static class PickleNames
{
    private static readonly Dictionary<string, IPickledCallable> Known = FindKnown();

    // What attacks by pickle call. The list protects nobody here, where nothing is called at all: it says what such a file is, to someone
    // who may have loaded it with Python, or is about to.
    private static readonly HashSet<string> HostileModules = new(StringComparer.Ordinal)
    {
        "subprocess", "popen2", "pty", "runpy", "importlib", "shutil", "pdb", "bdb", "codeop", "marshal", "webbrowser", "pip",
        "requests", "ftplib", "telnetlib", "smtplib", "urllib.request", "urllib2", "torch.hub", "torch.utils.cpp_extension",
    };

    private static readonly HashSet<string> HostileNames = new(
        from module in (string[])["builtins", "__builtin__"]
        from name in (string[])
        [
            "eval", "exec", "execfile", "compile", "__import__", "open", "file", "input", "raw_input", "breakpoint", "reload",
        ]
        select $"{module}.{name}",
        StringComparer.Ordinal)
    {
        "torch.load", "torch.serialization.load", "torch.jit.load", "numpy.load", "joblib.load", "pickle.load", "pickle.loads",
        "cPickle.load", "cPickle.loads", "_pickle.load", "_pickle.loads", "dill.load", "dill.loads", "cloudpickle.load",
        "cloudpickle.loads", "timeit.timeit", "timeit.repeat", "cProfile.run", "cProfile.runctx", "profile.run", "io.open", "_io.open",
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "numpy.testing._private.utils.runstring",
    };

    // Of the operating system's modules the classes only hold values: paths, results, the environment's variables.
    private static readonly HashSet<string> SystemModules = new(StringComparer.Ordinal) { "os", "posix", "nt" };

    private static readonly HashSet<string> SystemValues = new(StringComparer.Ordinal)
    {
        "stat_result", "statvfs_result", "terminal_size", "times_result", "uname_result", "sched_param", "_Environ", "environ", "PathLike",
        "fspath", "_make_stat_result", "_make_statvfs_result",
    };

    private static readonly HashSet<string> Makers = new(StringComparer.Ordinal)
    {
        "copyreg.__newobj__", "copyreg.__newobj_ex__", "copyreg._reconstructor", "copy_reg.__newobj__", "copy_reg._reconstructor",
        "builtins.getattr", "__builtin__.getattr", "functools.partial",
    };

    /// <summary>What a name stands for: an <see cref="IPickledCallable"/> or a <see cref="Placeholder"/>.</summary>
    /// <exception cref="CheckpointException"><see cref="CheckpointErrorCode.UnsafePickle"/>.</exception>
    public static object Find(string module, string name)
    {
        var full = $"{module}.{name}";
        if (Known.TryGetValue($"{module} {name}", out var known))
        {
            return known;
        }

        if (IsHostile(module, name, full))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsafePickle,
                $"The checkpoint's pickle asks for '{PickleError.Shortened(module)}.{PickleError.Shortened(name)}', which runs code of the "
                + "file's choice in whatever loads the file with Python. No checkpoint needs it, so it was refused and nothing was called. "
                + "Do not load the file; ask where it comes from.");
        }

        return new Placeholder(full);
    }

    /// <summary>Whether a name makes an object of the class that its first argument names.</summary>
    public static bool IsMaker(string name) => Makers.Contains(name);

    private static bool IsHostile(string module, string name, string full) =>
        HostileNames.Contains(full)
        || HostileModules.Contains(module)
        || (SystemModules.Contains(module) && !SystemValues.Contains(name));

    private static Dictionary<string, IPickledCallable> FindKnown()
    {
        var tensor = new TensorConstructor();
        var parameter = new ParameterConstructor();
        var typed = new TypedTensorConstructor();
        var known = new Dictionary<string, IPickledCallable>(StringComparer.Ordinal)
        {
            ["collections OrderedDict"] = new OrderedDictConstructor(),
            ["collections defaultdict"] = new DefaultDictConstructor(),
            ["torch._utils _rebuild_tensor"] = tensor,
            ["torch._utils _rebuild_tensor_v2"] = tensor,
            ["torch._utils _rebuild_parameter"] = parameter,
            ["torch._utils _rebuild_parameter_with_state"] = parameter,
            ["torch._tensor _rebuild_from_type"] = typed,
            ["torch._tensor _rebuild_from_type_v2"] = typed,
        };
        foreach (var (name, type) in TorchDTypes.StorageClasses)
        {
            known[$"torch {name}"] = new StorageClassConstructor(type);
        }

        return known;
    }
}
