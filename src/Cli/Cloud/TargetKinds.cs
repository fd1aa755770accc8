namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>What a command can work on.</summary>
[Flags]
internal enum TargetKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The app of a data folder of <c>nanodet up</c>: its functions and its storage (<c>--data</c>).</summary>
    Data = 1,

    /// <summary>The HTTP functions of a running app (<c>--server</c>).</summary>
    Server = 2,

    /// <summary>A storage account in Azure, by identity (<c>--account</c>).</summary>
    Account = 4,
}
