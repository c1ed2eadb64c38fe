def answer():
    from lxml import etree

    tree = etree.fromstring("<r><i n='2'>b</i><i n='1'>a\u2603</i></r>".encode())
    style = etree.XSLT(etree.fromstring(
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"
        "<xsl:output method='text'/><xsl:template match='/'><xsl:for-each select='r/i'>"
        "<xsl:sort select='@n' data-type='number'/><xsl:value-of select='concat(@n, .)'/>,"
        "</xsl:for-each></xsl:template></xsl:stylesheet>"
    ))
    return [str(style(tree)), tree.xpath("sum(//i/@n) div 4"), etree.tostring(tree).decode()]
