namespace Nanodet.Serverless.LocalHost.Azurite;

/// <summary>The one account of every storage emulator; its key is published and opens nothing else.</summary>
public static class AzuriteAccount
{
    /// <summary>The account's name.</summary>
    public const string Name = "devstoreaccount1";

    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>Builds the connection string of an emulator at these addresses, each with the account's name at its end.</summary>
    /// <param name="blob">For example <c>http://127.0.0.1:10000/devstoreaccount1</c>.</param>
    /// <param name="queue">The queue service's.</param>
    /// <param name="table">The table service's.</param>
    public static string ConnectionString(Uri blob, Uri queue, Uri table) =>
        $"DefaultEndpointsProtocol=http;AccountName={Name};AccountKey={Key};"
        + $"BlobEndpoint={blob};QueueEndpoint={queue};TableEndpoint={table};";
}
