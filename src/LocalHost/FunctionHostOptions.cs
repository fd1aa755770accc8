using System.Text.RegularExpressions;

namespace Nanodet.Serverless.LocalHost;

/// <summary>What to run, and where.</summary>
public sealed partial class FunctionHostOptions
{
    /// <summary>The build output of an isolated function app.</summary>
    /// <value>A folder with <c>host.json</c> and <c>worker.config.json</c>. Required.</value>
    public required string AppDirectory { get; init; }

    /// <summary>The port of the public HTTP side, on the loopback address.</summary>
    /// <value>0 to 65535; 0 takes a free one. Default 0.</value>
    public int Port { get; init; }

    /// <summary>
    /// Host names, beside <c>localhost</c> and the loopback addresses, under which and from whose pages requests are let in.
    /// </summary>
    /// <value>
    /// Names without a port. Default none. A page on the web could otherwise start functions through a browser on this machine.
    /// </value>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// The key that functions ask for which are not anonymous, as do <c>/admin</c> and the webhooks: in the header
    /// <c>x-functions-key</c> or the query parameter <c>code</c>. Who has none gets 401 without a body.
    /// </summary>
    /// <value>At least 16 characters. Default null: no key is asked for.</value>
    public string? Key { get; init; }

    /// <summary>
    /// Whether <c>/runtime/webhooks/durabletask</c> answers. It reads, starts, raises and ends every orchestration, for whoever has
    /// <see cref="Key"/>, or for anybody on this machine where there is none.
    /// </summary>
    /// <value>Default false: it answers 404.</value>
    public bool DurableWebHooks { get; init; }

    /// <summary>
    /// App settings. They win over the environment, which wins over the <c>Values</c> of <c>local.settings.json</c>. Keys may use
    /// <c>:</c> or <c>__</c>; <c>AzureFunctionsJobHost__…</c> overrides <c>host.json</c>, <c>AzureWebJobs.NAME.Disabled</c> turns
    /// a function off.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The storage account of the engines; sets <c>AzureWebJobsStorage</c>.</summary>
    /// <value>A connection string, or null when the settings have it. Default null.</value>
    public string? StorageConnectionString { get; init; }

    /// <summary>
    /// The name under which the engines keep blob receipts, timer states and locks. Hosts that share an account and run
    /// different functions need different names; a changed name fires every blob again.
    /// </summary>
    /// <value>
    /// 1 to 32 lower-case letters, digits and single dashes. Default: the setting <c>AzureFunctionsWebHost__hostid</c>, else the
    /// worker's file name.
    /// </value>
    public string? HostId { get; init; }

    /// <summary>How long the worker may take from its start to the end of the handshake.</summary>
    /// <value>Above zero. Default 60 s.</value>
    public TimeSpan WorkerStartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often within <see cref="WorkerRestartWindow"/> a dead worker is started again within 10 seconds. Further restarts
    /// wait 30 seconds each; the host does not give up.
    /// </summary>
    /// <value>0 to 100. Default 5. With 0 a dead worker is not started again: the host gives up.</value>
    public int MaxWorkerRestarts { get; init; } = 5;

    /// <summary>The time in which restarts count: older ones are forgotten.</summary>
    /// <value>Above zero. Default 10 minutes.</value>
    public TimeSpan WorkerRestartWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the engines may take to finish what is under way when the host stops.</summary>
    /// <value>Above zero. Default 10 s. The worker gets 5 s more, then it is killed.</value>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the logger factory writes, for messages that point to the log.</summary>
    /// <value>A path or another place in words. Default null: such a message says only "the log".</value>
    public string? LogLocation { get; init; }

    /// <summary>The clock of the host itself; the engines keep their own.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        Require(!string.IsNullOrWhiteSpace(AppDirectory), "AppDirectory names no folder.");
        Require(Port is >= 0 and <= 65535, $"Port is {Port}; expected 0 to 65535.");
        Require(
            HostId is null || IsHostId(HostId),
            $"HostId is '{HostId}'; expected 1 to 32 lower-case letters, digits and single dashes.");
        Require(Key is null or { Length: >= 16 }, $"Key has {Key?.Length} characters; expected at least 16.");
        Require(WorkerStartTimeout > TimeSpan.Zero, $"WorkerStartTimeout is {WorkerStartTimeout}; expected more than zero.");
        Require(MaxWorkerRestarts is >= 0 and <= 100, $"MaxWorkerRestarts is {MaxWorkerRestarts}; expected 0 to 100.");
        Require(WorkerRestartWindow > TimeSpan.Zero, $"WorkerRestartWindow is {WorkerRestartWindow}; expected more than zero.");
        Require(ShutdownTimeout > TimeSpan.Zero, $"ShutdownTimeout is {ShutdownTimeout}; expected more than zero.");
    }

    internal static bool IsHostId(string value) => value.Length <= 32 && HostIdPattern().IsMatch(value);

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new FunctionHostException("invalid_options", message);
        }
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex HostIdPattern();
}
